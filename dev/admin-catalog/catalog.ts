// `npm run catalog -- COMMAND`: manages catalog revisions from the terminal.

import { runCatalogCommand } from "./command.ts";

const { code, output, errors } = await runCatalogCommand(process.argv.slice(2));
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;
