// Ends this process when its parent has ended, however that happened. Loaded into wrangler's processes with --import.

process.on("disconnect", () => process.exit());
// The channel to the parent keeps no process running that has nothing else to do.
process.channel?.unref();
