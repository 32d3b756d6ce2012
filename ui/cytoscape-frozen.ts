import type { Plugin } from 'vite';

const ASSIGNS = 'return extend(selfn, p);';
const DEFINES = 'return Object.defineProperties(selfn, Object.getOwnPropertyDescriptors(p));';

/**
 * Lets Cytoscape load where `Object.prototype` is frozen, as it is in the shell (`freezePrototype`).
 *
 * It assigns a method named `toString` to a prototype of its own, which a frozen parent forbids;
 * defining the same property is allowed. A version that no longer has the line stops the build, so
 * that this file goes when it isn't needed.
 */
export function cytoscapeFrozen(): Plugin {
  return {
    name: 'cytoscape-frozen',
    enforce: 'pre',
    transform: {
      filter: { id: /cytoscape\/dist\/cytoscape\.esm\.mjs/ },
      handler(code) {
        if (!code.includes(ASSIGNS)) this.error('Cytoscape changed: see cytoscape-frozen.ts');
        return { code: code.replace(ASSIGNS, DEFINES), map: null };
      },
    },
  };
}
