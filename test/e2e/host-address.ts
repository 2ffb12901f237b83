import { NODE_ADDRESS } from '../node/network.ts';

/** Set beside a cluster whose pods reach the tests' machine by another address than that of a node of our own. */
export const HOST_ADDRESS_VARIABLE = 'FUSEBOX_E2E_HOST';

/** Where pods reach what the tests start beside the cluster: a database, a bus, a receiver of traces. */
export const hostAddress = (): string => process.env[HOST_ADDRESS_VARIABLE] ?? NODE_ADDRESS;
