export const SETTINGS = ['clouds', 'model', 'phase', 'clocks', 'suppression', 'keychain', 'appearance'] as const;
export type SettingsSection = (typeof SETTINGS)[number];

export type Route =
  | { page: 'queue' }
  | { page: 'incident'; id: string; step: string | null }
  | { page: 'audit' }
  /** What was changed and is not undone. */
  | { page: 'containments' }
  /** What burns; as a wall without controls. */
  | { page: 'commander'; wall: boolean }
  /** With `adding`, the way to connect one more. */
  | { page: 'sources'; adding: boolean }
  | { page: 'settings'; section: SettingsSection };

/** Reads the part of the address behind `#`. An address we don't know is the queue. */
export function parseRoute(hash: string): Route {
  const [page, first, , third] = hash.replace(/^#?\/?/, '').split('/').map(decode);
  if (page === 'incident' && first) return { page, id: first, step: third || null };
  if (page === 'audit' || page === 'containments') return { page };
  if (page === 'commander') return { page, wall: first === 'wall' };
  if (page === 'sources') return { page, adding: first === 'add' };
  if (page === 'settings') {
    // Sources had a section of their own here once: the address still leads to them.
    if (first === 'sources') return { page: 'sources', adding: false };
    return { page, section: SETTINGS.find((section) => section === first) ?? 'clouds' };
  }
  return { page: 'queue' };
}

export function routeHash(route: Route): string {
  switch (route.page) {
    case 'queue':
    case 'audit':
    case 'containments':
      return `#/${route.page}`;
    case 'commander':
      return route.wall ? '#/commander/wall' : '#/commander';
    case 'sources':
      return route.adding ? '#/sources/add' : '#/sources';
    case 'settings':
      return `#/settings/${route.section}`;
    case 'incident': {
      const base = `#/incident/${encodeURIComponent(route.id)}`;
      return route.step === null ? base : `${base}/step/${encodeURIComponent(route.step)}`;
    }
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

class Router {
  route = $state.raw<Route>({ page: 'queue' });

  start(): () => void {
    const read = () => (this.route = parseRoute(location.hash));
    read();
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }

  go(route: Route): void {
    // The route changes at once; the address follows and makes "back" work.
    this.route = route;
    location.hash = routeHash(route);
  }
}

export const router = new Router();
