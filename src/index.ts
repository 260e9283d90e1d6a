// The entry: what the platform calls, and the Durable Object classes that it must find here. Nothing else.

import { app } from "./app.ts";

export { UserQuota } from "./quota/user-quota.ts";

export default app;
