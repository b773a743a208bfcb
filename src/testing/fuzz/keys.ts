/** The API keys of a service that is fuzzed. */
export const keys = { admin: "admin-key-of-the-fuzzer", read: "read-key-of-the-fuzzer" };
