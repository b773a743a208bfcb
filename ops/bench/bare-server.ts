import { customerSchema } from "../../src/customer.ts";

// The baseline of `bench serve`: parses and validates the same body, and does nothing else.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const parsed = customerSchema.safeParse(await request.json());
    if (!parsed.success) return new Response("bad", { status: 422 });
    const { user_id } = parsed.data;
    return Response.json({
      prediction_id: "",
      user_id,
      probability: 0,
      churn: false,
      threshold: 0.5,
      model_version: "none",
    });
  },
});
process.stdout.write(`http://127.0.0.1:${server.port}\n`);
