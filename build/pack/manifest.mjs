import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const DESCRIPTIONS = {
  postern:
    'An SMTP server and client to embed, without a dependency; a replacement for smtp-server, and mail for tests.',
  'postern-gateway':
    'An SMTP submission server: apps point five settings at it, and their mail is accepted, kept safe and visible.',
};

/** Returns what the manifests of both packages have in common with the project's own. */
export async function manifestOf(name) {
  const own = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  const { version, license, engines, keywords } = own;
  return { name, version, description: DESCRIPTIONS[name], license, engines, keywords };
}

/** Returns the packages that the gateway needs, with their versions. */
export async function packagesOfGateway() {
  const own = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  return { version: own.version, packages: own.optionalDependencies };
}

export function failOnWarning(warning) {
  throw new Error(`${warning.code}: ${warning.message}`);
}
