import js from '@eslint/js';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const globals = ['AsyncDisposableStack', 'DisposableStack', 'SuppressedError'];

const NO_ENV = {
  object: 'process',
  property: 'env',
  message: "Read configuration in a program's config.ts only.",
};
const NO_EXIT = { object: 'process', property: 'exit', message: 'Only main.ts ends the process.' };
const SAFE = [
  {
    object: 'AbortSignal',
    property: 'any',
    message: 'Leaks on Node 20 when one of the signals is long-lived.',
  },
  { object: 'Math', property: 'random', message: 'Use node:crypto.' },
];
const NO_SHELL = [
  {
    selector:
      'ImportDeclaration[source.value=/^(node:)?child_process$/] :matches(ImportSpecifier[imported.name=/^exec(Sync)?$/], ImportDefaultSpecifier, ImportNamespaceSpecifier)',
    message: 'No shell: use spawn or execFile with an argument array.',
  },
  {
    selector: "Property[key.name='shell']:matches([value.value=true], [value.value=/./])",
    message: 'No shell: use an argument array.',
  },
  {
    selector:
      'CallExpression[callee.name=/^(spawn|execFile|spawnSync|execFileSync)$/] > TemplateLiteral:first-child',
    message: 'A command is a constant, its arguments an array.',
  },
  {
    selector:
      ':matches(MemberExpression[property.name=/^\\$(query|execute)RawUnsafe$/], CallExpression[callee.object.name=/^(Prisma|Sql)$/][callee.property.name=/^raw$/i])',
    message: 'No SQL made of text: values go into $queryRaw`…` as parameters.',
  },
  {
    selector: "CallExpression[callee.object.name='vi'][callee.property.name='mock']",
    message: 'Pass a fake instead of mocking a module.',
  },
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'coverage/',
      'server/adapters/postgres/generated/',
      'buildpacks/',
      'test/fixtures/',
      'samples/',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', '.dependency-cruiser.cjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { regexp },
    rules: {
      'no-restricted-globals': ['error', ...globals],
      'no-restricted-properties': ['error', NO_ENV, NO_EXIT, ...SAFE],
      'no-restricted-syntax': ['error', ...NO_SHELL],
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['fixme', 'xxx'] }],
      // What somebody sends must not cost time by the square of its length, or worse: all others wait meanwhile.
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false }],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80 }],
      'max-params': ['error', { max: 5 }],
      complexity: ['error', { max: 12 }],
      eqeqeq: 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { module: 'writable', process: 'readonly' } },
  },
  {
    files: ['*/config.ts', '**/main.ts', 'prisma.config.ts', 'test/**'],
    rules: { 'no-restricted-properties': ['error', ...SAFE] },
  },
  { files: ['cli/terminal.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['server/domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...NO_SHELL,
        { selector: 'AwaitExpression', message: 'The domain does no IO, so it has nothing to await.' },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'Time is an argument in the domain.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time is an argument in the domain.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'regexp/no-super-linear-backtracking': 'off',
      'regexp/no-super-linear-move': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': [
        'error',
        ...NO_SHELL,
        {
          selector: "MemberExpression[object.name=/^(it|describe|test)$/][property.name='only']",
          message: 'No .only.',
        },
      ],
    },
  },
);
