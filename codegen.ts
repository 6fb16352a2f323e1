import type { CodegenConfig } from '@graphql-codegen/cli';

const types = {
  useTypeImports: true,
  enumsAsTypes: true,
  strictScalars: true,
  scalars: {
    BigInt: { input: 'string | number', output: 'string' },
    DateTime: { input: 'string | number', output: 'string' },
    Decimal: 'string',
  },
};

/** Types for the operations written in the tests and the dashboard, out of the committed schema. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  importExtension: '.js',
  generates: {
    'test/gql/': {
      documents: ['test/**/*.ts', '!test/gql/**'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: types,
    },
    'src/dashboard/gql/': {
      documents: ['src/dashboard/operations.graphql'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      // Operations as texts: the page needs no GraphQL library to send them.
      config: { ...types, documentMode: 'string' },
    },
  },
};

export default config;
