// Imports run one way, along the pipeline: thread → corpus → text → quotes → embedding → index → search → answer → engine, moderation → commands → front ends.
const layers = ['thread', 'text', 'corpus', 'quotes', 'embedding', 'index', 'search', 'answer']
const fronts = '^(commands/|src/(moderation|discord|terminal|engine)/|src/(cli|main|engine)\\.ts)'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...layers.map((layer, i) => ({
      name: `${layer}-imports-only-what-lies-left-of-it`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: [...layers.slice(i + 1).map((l) => `^src/${l}/`), fronts] },
    })),
    {
      name: 'engine-knows-no-front-end',
      severity: 'error',
      from: { path: '^src/engine(\\.ts$|/)' },
      to: { path: '^(commands/|src/(discord|terminal)/|src/(cli|main)\\.ts)' },
    },
    {
      name: 'moderation-knows-no-front-end',
      severity: 'error',
      from: { path: '^src/moderation/' },
      to: { path: '^(commands/|src/(discord|terminal)/|src/(cli|main)\\.ts)' },
    },
    {
      name: 'commands-know-no-front-end',
      severity: 'error',
      from: { path: '^commands/' },
      to: { path: '^src/(discord|terminal)/' },
    },
    {
      name: 'front-ends-are-strangers',
      severity: 'error',
      from: { path: '^src/(discord|terminal)/' },
      to: { path: '^src/(discord|terminal)/', pathNot: '^src/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
