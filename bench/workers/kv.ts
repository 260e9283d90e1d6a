// The benchmark's KV namespace in workerd's HTTP protocol: a constant pointer and one catalog.

interface Env {
  CATALOG: string;
}

export default {
  fetch(request: Request, { CATALOG }: Env): Response {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (key === "catalog:current") return Response.json({ active: "bench" });
    return key === "catalog:rev:bench" ? new Response(CATALOG) : new Response(null, { status: 404 });
  },
};
