// The request in Swift with URLSession, for iOS 15 and macOS 12 or newer.

import { quote, writeValue } from "./code-literals.js";

const string = (/** @type {string} */ text) => quote(text, { mark: '"', special: '"\\', hasBraces: true });

const SYNTAX = {
  string,
  key: (/** @type {string} */ name) => `${string(name)}: `,
  object: /** @type {[string, string, string]} */ (["[", "]", "[:]"]),
  array: /** @type {[string, string, string]} */ (["[", "]", "[]"]),
  hasSpaces: false,
  isTrailingComma: true,
  nested: " as [String: Any]",
};

/** @param {import("./code-samples.js").Sample} sample */
export function swiftSample({ url, body, images }) {
  const files = images.map(
    ({ name, file }) =>
      `    let ${name} = try "data:image/jpeg;base64,"\n` +
      `        + Data(contentsOf: URL(fileURLWithPath: ${string(file)})).base64EncodedString()\n`,
  );
  return `import Foundation

enum ChatEvent: Sendable {
    case text(String)
    case thinking(String)
    case tool(id: String, name: String, arguments: String)
    case done(finish: String, usage: [String: Double], left: [String: Double])
}

/// A refusal, or an answer that failed. The code says why, for example "insufficient_quota".
struct ChatError: LocalizedError {
    let code: String
    let message: String
    var errorDescription: String? { message }

    init(_ body: Any?) {
        let error = (body as? [String: Any])?["error"] as? [String: Any]
        code = error?["code"] as? String ?? "unknown"
        message = error?["message"] as? String ?? "The server did not answer."
    }
}

/// Streams the answer. It stops when the task that reads it is cancelled.
func chat(token: String) -> AsyncThrowingStream<ChatEvent, Error> {
    AsyncThrowingStream { continuation in
        let task = Task {
            do {
                try await readAnswer(token: token) { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
    }
}

private func readAnswer(token: String, onEvent: (ChatEvent) -> Void) async throws {
${files.join("")}    let body: [String: Any] = ${writeValue(body, SYNTAX, { indent: "    ", step: "    " })}
    var request = URLRequest(url: URL(string: ${string(url)})!)
    request.httpMethod = "POST"
    request.setValue("Bearer \\(token)", forHTTPHeaderField: "authorization")
    request.setValue("application/json", forHTTPHeaderField: "content-type")
    request.httpBody = try JSONSerialization.data(withJSONObject: body)

    let (bytes, response) = try await URLSession.shared.bytes(for: request)
    guard (response as? HTTPURLResponse)?.statusCode == 200 else {
        var data = Data()
        for try await byte in bytes { data.append(byte) }
        throw ChatError(try? JSONSerialization.jsonObject(with: data))
    }

    var name = "text"
    for try await line in bytes.lines {
        if line.hasPrefix("event:") { name = String(line.dropFirst(6)) }
        guard line.hasPrefix("data:") else { continue }
        let json = Data(line.dropFirst(5).utf8)
        let data = try JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)
        let fields = data as? [String: Any] ?? [:]
        switch name {
        case "text":
            onEvent(.text(data as? String ?? ""))
        case "thinking":
            onEvent(.thinking(data as? String ?? ""))
        case "tool":
            onEvent(.tool(
                id: fields["id"] as? String ?? "",
                name: fields["name"] as? String ?? "",
                arguments: fields["arguments"] as? String ?? ""
            ))
        case "done":
            onEvent(.done(
                finish: fields["finish"] as? String ?? "",
                usage: fields["usage"] as? [String: Double] ?? [:],
                left: fields["left"] as? [String: Double] ?? [:]
            ))
            return
        case "failed":
            throw ChatError(data)
        default:
            break
        }
        name = "text"
    }
    throw URLError(.networkConnectionLost)
}

// In your app, the token comes from your sign-in.
func printAnswer(token: String) async {
    do {
        for try await event in chat(token: token) {
            switch event {
            case .text(let text): print(text, terminator: "")
            case .thinking: break
            case .tool(_, let name, let arguments): print("The model calls \\(name) with \\(arguments)")
            case .done(let finish, let usage, let left): print("\\n[\\(finish)]", usage, left)
            }
        }
    } catch {
        print("The answer failed:", error.localizedDescription)
    }
}
`;
}
