// The arrows of docs/architecture.md, chapter "Folders and arrows". A folder may import only what its arrow
// points to: change the drawing first, then this table.

/** folder -> the folders (or single files) of src it may import, itself aside */
const arrows = {
  base: [],
  protocol: ['base'],
  server: ['base', 'protocol'],
  client: ['base', 'protocol'],
  // The trace field of a message, for embedders.
  'received.ts': ['base', 'server', 'message/received.ts'],
  message: ['base'],
  store: ['base'],
  submission: ['base', 'server', 'protocol', 'message', 'store'],
  delivery: ['base', 'client', 'store', 'message'],
  api: ['base', 'store', 'submission', 'delivery', 'message'],
  // The pages know the API's schemas, as types, and nothing else.
  dashboard: ['api/schemas'],
  load: ['base', 'client', 'server', 'protocol'],
  testing: ['base', 'server', 'protocol', 'message'],
  'smtp-server': ['base', 'server', 'protocol'],
  // The configuration repeats no default: it takes them from the tables of the folders that it sets up.
  config: [
    'base',
    'protocol/limits.ts',
    'server/limits.ts',
    'submission/limits.ts',
    'store/limits.ts',
    'delivery/limits.ts',
    // How a way of delivery is written.
    'delivery/transports/schemes.ts',
  ],
  cli: [
    ...['base', 'config', 'submission', 'delivery', 'api', 'load'],
    ...['server', 'client', 'protocol', 'message', 'store'],
  ],
};

/** What an embedder loads: nothing from node_modules. */
const library = [
  ...['index.ts', 'received.ts', 'message/received.ts', 'message/date.ts'],
  ...['base', 'protocol', 'server', 'client', 'smtp-server'],
];

const escape = (text) => text.replace(/[.]/g, '\\.');
/** A path of src as a pattern: a file is itself, a folder is all that is in it. */
const inSrc = (path) => (path.endsWith('.ts') ? `^src/${escape(path)}$` : `^src/${path}/`);

const arrowRules = Object.entries(arrows).map(([folder, targets]) => ({
  name: `arrow-${folder}`,
  comment: `src/${folder} may import ${targets.join(', ') || 'nothing else of src'}`,
  severity: 'error',
  from: { path: inSrc(folder) },
  to: { path: '^src/', pathNot: [folder, ...targets].map(inSrc) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...arrowRules,
    {
      name: 'arrow-index',
      comment: 'the library is server, protocol and the trace field',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/', pathNot: ['base', 'server', 'protocol', 'received.ts'].map(inSrc) },
    },
    {
      name: 'no-unknown-folder',
      comment: 'a new folder of src needs its arrows in the table first',
      severity: 'error',
      from: { path: '^src/', pathNot: [...Object.keys(arrows), 'index.ts'].map(inSrc) },
      to: {},
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'library-has-no-dependencies',
      comment: 'importing the library loads Node built-ins only',
      severity: 'error',
      from: { path: library.map(inSrc) },
      to: { pathNot: '^src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'protocol-has-no-built-ins',
      comment: 'the core sees octets, not sockets, timers or clocks',
      severity: 'error',
      from: { path: inSrc('protocol') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pages-take-types-only',
      comment: 'the schemas themselves would bring zod into the bundle of the pages',
      severity: 'error',
      from: { path: inSrc('dashboard') },
      to: { path: '^src/', pathNot: inSrc('dashboard'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-development-dependency',
      comment:
        'what ships may not need what only developers install; the packages of the pages are in their bundle',
      severity: 'error',
      from: { path: '^src/', pathNot: inSrc('dashboard') },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'an import that cannot be followed cannot be checked',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Imports of types are arrows, too: the compiler removes them, a reader does not.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
};
