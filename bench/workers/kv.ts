// The KV namespace of the benchmark, as workerd asks for it: a pointer and one catalog that never change.

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
