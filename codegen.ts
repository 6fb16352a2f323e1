import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types for the operations written in the tests, out of the committed schema. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['test/**/*.ts', '!test/gql/**'],
  importExtension: '.js',
  generates: {
    'test/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          BigInt: { input: 'string | number', output: 'string' },
          DateTime: { input: 'string | number', output: 'string' },
          Decimal: 'string',
        },
      },
    },
  },
};

export default config;
