// Ends this process when its parent has ended, however that happened. Loaded into wrangler's processes with --import.

process.on("disconnect", () => process.exit());
// The channel to the parent must not keep a process alive that has nothing else to do.
process.channel?.unref();
