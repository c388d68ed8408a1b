// Packs the project as a registry would get it, looks at what is inside, installs it into empty folders,
// and uses it there: the library with and without the optional packages, its types, and the command.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
const temporary = mkdtempSync(join(tmpdir(), 'postern-package-'));

/** Files that must be in the tarball. */
const wanted = [
  'package.json',
  'LICENSE',
  'README.md',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cli/main.js',
  'dist/dashboard/index.html',
];
/** All that may be in it. */
const allowed =
  /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|docs\/.+|certs\/README\.md|dist\/.+\.(js|d\.ts)(\.map)?|dist\/dashboard\/.+\.(html|js|css|svg)(\.(br|gz))?)$/;
/** Files that must not be in it, in any folder. */
const refused = /(^|\/)(test|tests|fixtures|bench|coverage)\/|\.(test|spec|pem|key|crt|db|sqlite)\b|(^|\/)\./;

const embed = `
import { createServer } from 'postern';
if (typeof createServer !== 'function') throw new Error('createServer is ' + typeof createServer);
console.log('createServer is there');
`;

/** A loader that lets the package import built-ins and its own files only. */
const onlyBuiltIns = `
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const own = found.url.startsWith('node:') || found.url.includes('/node_modules/postern/dist/');
  if (own || !context.parentURL?.includes('/node_modules/postern/')) return found;
  throw new Error('it loads more than built-ins: ' + specifier + ', from ' + context.parentURL);
}
`;

/** Settings of a strict user project, which must compile with the declarations. */
const tsconfig = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'ES2022',
    module: 'NodeNext',
    typeRoots: [join(project, 'node_modules/@types')],
    types: ['node'],
  },
  files: ['embed.ts'],
};

/** Runs to the end and gives what was said; throws with what was said on standard error. */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`.trim(), { cause: error });
  }
}

function check(name, what) {
  try {
    const note = what();
    console.log(`ok      ${name}${note === undefined ? '' : `: ${note}`}`);
    return note;
  } catch (error) {
    console.error(`FAILED  ${name}: ${error.message}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** A folder of its own with the tarball installed in it. */
function install(name, tarball, ...flags) {
  const folder = mkdtempSync(join(temporary, name));
  writeFileSync(join(folder, 'package.json'), '{ "name": "embedder", "private": true, "type": "module" }');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...flags, tarball], folder);
  writeFileSync(join(folder, 'embed.js'), embed);
  return folder;
}

function checkContents(tarball) {
  const files = run('tar', ['-tzf', tarball], temporary)
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));

  check('the tarball has what it needs', () => {
    const missing = wanted.filter((file) => !files.includes(file));
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
    return `${files.length} files`;
  });

  check('the tarball has nothing else', () => {
    const more = files.filter((file) => refused.test(file) || !allowed.test(file));
    if (more.length > 0) throw new Error(`not for users: ${more.join(', ')}`);
  });
}

function checkUse(tarball) {
  check('the library works without the optional packages', () => {
    const folder = install('library-', tarball, '--omit=optional');
    const others = readdirSync(join(folder, 'node_modules')).filter((entry) => !/^(\.|postern$)/.test(entry));
    if (others.length > 0) throw new Error(`it brings others with it: ${others.join(', ')}`);
    return run(process.execPath, ['embed.js'], folder);
  });

  const folder = install('command-', tarball);

  check('the library loads built-ins only where they are installed, too', () => {
    writeFileSync(join(folder, 'only-built-ins.js'), onlyBuiltIns);
    const loader = pathToFileURL(join(folder, 'only-built-ins.js'));
    writeFileSync(
      join(folder, 'register.js'),
      `import { register } from 'node:module'; register('${loader}');`,
    );
    return run(process.execPath, ['--import', './register.js', 'embed.js'], folder);
  });

  check('its types hold under strict settings', () => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    writeFileSync(join(folder, 'embed.ts'), embed);
    run(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', '.'], folder);
  });

  check('the command runs', () => {
    const said = run(join(folder, 'node_modules/.bin/postern'), ['--version'], folder);
    if (!said.includes(version)) throw new Error(`expected version ${version}, found "${said}"`);
    return said;
  });
}

try {
  const name = check('npm pack', () => {
    run('npm', ['pack', '--loglevel=error', '--pack-destination', temporary], project);
    return readdirSync(temporary).find((file) => file.endsWith('.tgz'));
  });
  if (name !== undefined) {
    const tarball = join(temporary, name);
    checkContents(tarball);
    checkUse(tarball);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
