/** Why a listener could not open `host:port`, and which flag changes that. `cause` keeps the error of the system. */
export function bindFault(error: Error, where: { flag: string; host: string | null; port: number }): Error {
  const address = `${where.host === null ? '' : where.host.includes(':') ? `[${where.host}]` : where.host}:${where.port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE: 'it is already in use',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'ports below 1024 need a privilege',
    ENOTFOUND: 'no such host',
  };
  const reason = 'code' in error ? reasons[String(error.code)] : undefined;
  return new Error(`cannot listen on ${address}: ${reason ?? error.message}; change it with --${where.flag}`, {
    cause: error,
  });
}
