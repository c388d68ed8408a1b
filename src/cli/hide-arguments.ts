/** Options whose value is a URL that may have a password. */
const WITH_URL = /^--(?:store|from|to)$/;

/**
 * Takes the URLs of databases out of the command line that other users of the machine see in the list of processes. For
 * a moment after the start they are there; a file or a variable never shows them.
 */
export function hideArguments(args: readonly string[]): void {
  const shown = args.map((arg, at) =>
    WITH_URL.test(args[at - 1] ?? '') || /^--(?:store|from|to)=/.test(arg)
      ? arg.replace(/(postgres(?:ql)?:\/\/).*$/s, '$1[hidden]')
      : arg,
  );
  if (shown.every((arg, at) => arg === args[at])) return;
  process.title = ['postern', ...shown].join(' ');
}
