/** How a program is started: a command, and the arguments that come first. */
export interface Program {
  command: string;
  args: readonly string[];
}

/** The programs of a control plane. Those that are null do not run. */
export interface Programs {
  etcd: Program;
  apiServer: Program;
  controllerManager: Program | null;
  scheduler: Program | null;
}
