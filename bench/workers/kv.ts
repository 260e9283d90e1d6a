// The benchmark's KV namespace in workerd's HTTP protocol: a constant pointer and one catalog, or nothing.

interface Env {
  CATALOG?: string;
}

export default {
  fetch(request: Request, { CATALOG }: Env): Response {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (CATALOG !== undefined && key === "catalog:current") return Response.json({ active: "bench" });
    if (CATALOG !== undefined && key === "catalog:rev:bench") return new Response(CATALOG);
    return new Response(null, { status: 404 });
  },
};
