import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores([
    'dist/',
    'coverage/',
    'reports/',
    'data/',
    '.stryker-tmp/',
    'bench/.peers/',
    'bench/results/',
    'test/fixtures/',
  ]),

  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // In a protocol's grammar a control character in a pattern is sometimes meant, and then it is said.
      'no-control-regex': 'error',
      'no-else-return': 'error',
      'no-implicit-coercion': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      // One style only, `import type { T }` apart from values or `import { type T }` beside them; both
      // vanish when compiled, so a type-only dependency never loads a module.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // Numbers print the same everywhere; demanding String(n) only makes messages harder to read.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // An empty override or default handler is an answer, not an oversight.
      '@typescript-eslint/no-empty-function': 'off',
      // `() => socket.destroy()` says all there is to say.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `Verdict | void | Promise<Verdict | void>`: a handler that has nothing to say returns nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // The implementation of an async interface may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },

  {
    files: ['test/**', 'bench/**'],
    rules: {
      'no-console': 'off',
      'no-control-regex': 'off',
      // Tests hand over deliberately wrong things and count on the runtime to refuse them.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },

  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
);
