// What it costs to import the library, beside npm's smtp-server: processor time, memory, packages and octets on the disk.
//
//     node bench/import-cost.mjs [--rounds 15]
//
// The packages are made by `npm run pack` and installed into an empty folder. Each measurement is a process of its own;
// the contestants take turns, and the median of the rounds is printed. `nothing` is a program without an import.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const ENTRIES = ['postern', 'postern/protocol', 'postern/client', 'postern/smtp-server', 'postern/testing'];
const folder = mkdtempSync(join(tmpdir(), 'postern-import-'));

/** Milliseconds of processor time that the import took, and MiB that are resident afterwards. */
const program = (statement) => `
const before = process.cpuUsage();
${statement}
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ ms: (user + system) / 1000, mib: process.memoryUsage().rss / 1024 / 1024 }));
`;

function measure(file) {
  return JSON.parse(execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' }));
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** Packages in a `node_modules`, and their octets. */
function sizeOf(path) {
  let packages = 0;
  let octets = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    if (entry.name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(entry.parentPath)) packages++;
    octets += statSync(join(entry.parentPath, entry.name)).size;
  }
  return { packages, octets };
}

function install(name, ...what) {
  const path = join(folder, name);
  execFileSync(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--loglevel=error',
      '--prefer-offline',
      '--prefix',
      path,
      ...what,
    ],
    { stdio: 'inherit' },
  );
  return sizeOf(join(path, 'node_modules'));
}

try {
  execFileSync(process.execPath, [join(project, 'build/pack/main.mjs'), folder], { stdio: 'ignore' });
  const tarball = readdirSync(folder).find((file) => /^postern-\d.*\.tgz$/.test(file));
  const sizes = {
    postern: install('postern', join(folder, tarball)),
    'smtp-server': install('smtp-server', 'smtp-server'),
  };
  const contestants = [['nothing', '', 'postern']];
  for (const entry of [...ENTRIES, 'smtp-server']) {
    const home = entry === 'smtp-server' ? 'smtp-server' : 'postern';
    contestants.push([`import '${entry}'`, `await import('${entry}');`, home]);
    contestants.push([`require('${entry}')`, `require('${entry}');`, home]);
  }
  const files = contestants.map(([name, statement, home], index) => {
    const file = join(folder, home, `${index}.${statement.startsWith('require') ? 'cjs' : 'mjs'}`);
    writeFileSync(file, program(statement));
    return { name, file, results: [] };
  });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { file, results } of files) results.push(measure(file));
  }
  console.log(`Node ${process.version}, median of ${values.rounds} rounds\n`);
  console.log('| | ms of the processor | MiB resident |\n|---|---|---|');
  for (const { name, results } of files) {
    const ms = median(results.map((one) => one.ms));
    const mib = median(results.map((one) => one.mib));
    console.log(`| \`${name}\` | ${ms.toFixed(1)} | ${mib.toFixed(1)} |`);
  }
  console.log('\n| package | packages in node_modules | kB on the disk |\n|---|---|---|');
  for (const [name, { packages, octets }] of Object.entries(sizes)) {
    console.log(`| \`${name}\` | ${packages} | ${Math.ceil(octets / 1000)} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
