// Programs that TypeScript refuses, each for the reason that is named, and accepts once that one thing is put right. They are
// compiled as a user's strict program against the declarations of the library.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The name, the wrong program, the right one, and the words of the compiler. */
const PROGRAMS: readonly (readonly [name: string, wrong: string, right: string, error: RegExp])[] = [
  [
    'a misspelt method',
    'createServer({ onAuht: () => null });',
    'createServer({ onAuth: () => null });',
    /onAuht/,
  ],
  [
    'a misspelt option',
    "createServer({}, { hostnam: 'a' });",
    "createServer({}, { hostname: 'a' });",
    /hostnam/,
  ],
  [
    'a misspelt limit',
    'createServer({}, { limits: { messagesize: 1 } });',
    'createServer({}, { limits: { messageSize: 1 } });',
    /messagesize/,
  ],
  [
    'a policy that there is not',
    "createServer({}, { bareNewlines: 'accept' });",
    "createServer({}, { bareNewlines: 'reject' });",
    /"accept"' is not assignable/,
  ],
  [
    'mechanisms by name',
    "createServer({ onAuth: () => null }, { mechanisms: ['PLAIN'] });",
    'createServer({ onAuth: () => null }, { mechanisms: [PLAIN] });',
    /'string' is not assignable/,
  ],
  [
    'a recipient refused by false',
    'createServer({ onRcpt: () => false });',
    "createServer({ onRcpt: () => new Reply(550, '5.1.1', 'no') });",
    /'boolean' is not assignable/,
  ],
  [
    'a message refused by an error that is returned',
    "createServer({ onData: () => new Error('no') });",
    "createServer({ onData: () => { throw new Error('no'); } });",
    /'Error' is not assignable/,
  ],
  [
    'the envelope before MAIL',
    'createServer({ onConnect: (session) => void session.envelope.recipients });',
    'createServer({ onRcpt: (session) => void session.envelope.recipients });',
    /'session.envelope' is possibly 'null'/,
  ],
  [
    'the hello before it is said',
    'createServer({ onConnect: (session) => void session.hello.name });',
    'createServer({ onMail: (session) => void session.hello.name });',
    /'session.hello' is possibly 'null'/,
  ],
  [
    'a callback',
    'createServer({ onData: (session, body, callback: () => void) => { callback(); } });',
    'createServer({ onData: async (session, body) => { for await (const octets of body) void octets; } });',
    /not assignable/,
  ],
  [
    'the principal where AUTH is optional',
    "createServer({ onAuth: () => 'ada', onRcpt: (s) => void s.principal.length }, { authOptional: true });",
    "createServer({ onAuth: () => 'ada', onRcpt: (s) => void s.principal.length });",
    /'s.principal' is possibly 'null'/,
  ],
  [
    'a member that the state does not have',
    'createServer({ onRcpt: (s) => void s.state.tires }, { state: () => ({ tries: 0 }) });',
    'createServer({ onRcpt: (s) => void s.state.tries }, { state: () => ({ tries: 0 }) });',
    /'tires' does not exist/,
  ],
  [
    'a port as text',
    "void createServer({}).listen({ port: '25' });",
    'void createServer({}).listen({ port: 25 });',
    /'string' is not assignable to type 'number'/,
  ],
  [
    'a word for TLS',
    "void createServer({}).listen({ port: 0, tls: 'on' });",
    "void createServer({}).listen({ port: 0, tls: 'off' });",
    /"on"' is not assignable/,
  ],
  [
    'a code as text',
    "new Reply('550', null, 'x');",
    "new Reply(550, null, 'x');",
    /'string' is not assignable to parameter of type 'number'/,
  ],
  [
    'a refusal that is text',
    "new Refusal('no');",
    "new Refusal(new Reply(550, null, 'no'));",
    /not assignable/,
  ],
  [
    'a body that is read as a list',
    'createServer({ onData: async (s, body) => { for (const octets of body) void octets; } });',
    'createServer({ onData: async (s, body) => { for await (const octets of body) void octets; } });',
    /Symbol.iterator/,
  ],
];

function fileOf(index: number, kind: 'wrong' | 'right'): string {
  return join(project, 'test/server', `${kind}-${index}.mts`);
}

/** Compiles all programs in one go, and returns the errors by file. */
function compiled(): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [index, [, wrong, right]] of PROGRAMS.entries()) {
    const head = "import { createServer, PLAIN, Refusal, Reply } from '../../dist/index.js';\n";
    const used = 'export const used = [createServer, PLAIN, Refusal, Reply];\n';
    texts.set(fileOf(index, 'wrong'), head + used + wrong);
    texts.set(fileOf(index, 'right'), head + used + right);
  }
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => texts.has(file) || fileExists.call(host, file);
  host.readFile = (file) => texts.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...texts.keys()], options, host);
  const errors = new Map<string, string>();
  for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
    const name = file?.fileName ?? '';
    errors.set(name, `${errors.get(name) ?? ''}${ts.flattenDiagnosticMessageText(messageText, '\n')}\n`);
  }
  return errors;
}

it('TypeScript refuses these programs, each for its reason, and accepts their right twins', () => {
  const errors = compiled();
  for (const [index, [name, , , error]] of PROGRAMS.entries()) {
    expect(errors.get(fileOf(index, 'wrong')), name).toMatch(error);
    expect(errors.get(fileOf(index, 'right')), `the right twin of ${name}`).toBeUndefined();
  }
}, 120_000);
