// The gateway's API. Every failure is an ApiError with a sentence for the person.

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "The gateway does not answer.");
  }
  if (response.ok) return response.json();
  // The session has ended: the page itself says how to get in.
  if (response.status === 401) location.reload();
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.status, [problem.detail, problem.hint].filter(Boolean).join(" ") || "Something went wrong.");
}

function change(method, path, body) {
  return call(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

const post = (path, body) => change("POST", path, body);

const conversation = (id) => `/api/v1/conversations/${encodeURIComponent(id)}`;

export const overview = () => call("/api/v1/overview");
export const codebases = () => call("/api/v1/codebases");
export const conversations = (cursor, query) =>
  call(`/api/v1/conversations?limit=40${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}${query ? `&query=${encodeURIComponent(query)}` : ""}`);
export const rename = (id, title) => change("PATCH", conversation(id), { title });
export const standing = (id) => call(`${conversation(id)}/standing`);
export const transcript = (id, before) =>
  call(`${conversation(id)}/transcript?limit=100${before ? `&before=${before}` : ""}`);
export const send = (id, text, clientId, files = []) =>
  post(`${conversation(id)}/messages`, { text, client_id: clientId, files });
export const addFile = (id, file, signal) =>
  call(`${conversation(id)}/files`, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file, signal });
export const press = (id, token, clientId) => post(`${conversation(id)}/buttons`, { token, client_id: clientId });
export const eventsPath = (id, after) => `${conversation(id)}/events?after=${after}`;
