import type { Host } from '../host';
import { FakeHost } from './host';
import { scenarioFrom } from './workspace';

/** The fake host of the main window; `?live` makes an incident arrive every few seconds. */
export function connectHost(): Host {
  const host = new FakeHost(scenarioFrom(location.search));
  if (new URLSearchParams(location.search).has('live')) {
    let number = 1;
    setInterval(() => host.arrive(number++), 4000);
  }
  return host;
}
