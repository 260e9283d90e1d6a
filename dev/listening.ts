// The address that `npm run dev` listens on.

import { createServer } from "node:net";

/** Returns the base URL for callers on this machine. */
export function toUrl(ip: string, port: string): string {
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[ip] ?? ip;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Tries to listen. Returns what is wrong and what to do, or undefined when the address is free. */
export function listenFault(ip: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", ({ code, message }: NodeJS.ErrnoException) => resolve(toFault(ip, port, code, message)));
    probe.listen(port, ip, () => probe.close(() => resolve(undefined)));
  });
}

function toFault(ip: string, port: number, code: string | undefined, message: string): string {
  const other = "npm run dev -- --port 8790";
  if (code === "EADDRINUSE") return `Port ${port} is in use. Stop the process that listens there, or use: ${other}`;
  if (code === "EACCES") return `This user may not listen on port ${port}. Use: ${other}`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `This machine has no address '${ip}'. Use --ip 127.0.0.1, or --ip 0.0.0.0 for all.`;
  return `Weir cannot listen on ${ip}, port ${port}: ${message}`;
}
