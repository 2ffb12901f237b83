import { chartFiles } from './charts.ts';
import { comparisonPage } from './comparison.ts';
import { crdFiles } from './crds.ts';
import { commandLinePage } from './command-line.ts';
import { errorsPage } from './errors.ts';
import { lifecyclePage } from './lifecycle.ts';
import { policyPage } from './policy.ts';
import { sampleSettingsPage } from './sample-settings.ts';

/** One file that is derived from the code. It is never edited by hand. */
export interface Generator {
  /** Where it stands, from the root of the repository. */
  file: string;
  /** The whole text. Pure: the same code gives the same text. */
  render: () => string;
}

/** Every generated file. `make generate` writes them, `make verify` compares them. */
export const generators: readonly Generator[] = [
  commandLinePage,
  errorsPage,
  lifecyclePage,
  policyPage,
  comparisonPage,
  sampleSettingsPage,
  ...crdFiles,
  ...chartFiles,
];
