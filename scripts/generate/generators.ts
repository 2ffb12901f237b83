import { commandLinePage } from './command-line.ts';
import { errorsPage } from './errors.ts';
import { lifecyclePage } from './lifecycle.ts';
import { policyPage } from './policy.ts';

/** One page that is derived from the code. It is never edited by hand. */
export interface Generator {
  /** Where the page stands, from the root of the repository. */
  file: string;
  /** The whole page. Pure: the same code gives the same text. */
  render: () => string;
}

/** Every generated page. `make generate` writes them, `make verify` compares them. */
export const generators: readonly Generator[] = [commandLinePage, errorsPage, lifecyclePage, policyPage];
