import type { Host } from '../host';
import { TauriHost } from './host';

/** The host of the main window. */
export function connectHost(): Host {
  return new TauriHost();
}
