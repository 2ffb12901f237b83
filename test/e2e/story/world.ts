import type { Narrator } from './narrator.ts';
import type { Outside } from './outside.ts';
import type { Inventory } from './inventory.ts';
import { Terminal } from './terminal.ts';

/** Namespace of the operator. */
export const FUSEBOX = 'fusebox';
/** Namespace of the service. */
export const SHOP = 'shop';

/** What the chapters share. */
export interface World {
  narrator: Narrator;
  terminal: Terminal;
  outside: Outside;
  /** All that was on the cluster before anything was installed. */
  before: Inventory;
}
