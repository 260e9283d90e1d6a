// The request in Kotlin with HttpURLConnection and a Flow, for Android 8 or newer. Needs only kotlinx.coroutines.

import { quote, writeValue } from "./code-literals.js";

const string = (/** @type {string} */ text) => quote(text, { mark: '"', special: '"\\$', hasBraces: false });

const SYNTAX = {
  string,
  key: (/** @type {string} */ name) => `${string(name)} to `,
  object: /** @type {[string, string, string]} */ (["mapOf(", ")", "mapOf<String, Any>()"]),
  array: /** @type {[string, string, string]} */ (["listOf(", ")", "listOf<Any>()"]),
  hasSpaces: false,
  isTrailingComma: true,
};

/** @param {import("./code-samples.js").Sample} sample */
export function kotlinSample({ url, body, images }) {
  const imports = images.length > 0 ? "import java.io.File\n" : "";
  const base64Import = images.length > 0 ? "import java.util.Base64\n" : "";
  const files = images.map(
    ({ name, file }) =>
      `    val ${name} = "data:image/jpeg;base64," +\n` +
      `        Base64.getEncoder().encodeToString(File(${string(file)}).readBytes())\n`,
  );
  return `${imports}import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
${base64Import}import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.launch
import org.json.JSONArray
import org.json.JSONObject

sealed interface ChatEvent {
    data class Text(val text: String) : ChatEvent
    data class Thinking(val text: String) : ChatEvent
    data class Tool(val id: String, val name: String, val arguments: String) : ChatEvent
    data class Done(val finish: String, val usage: JSONObject, val left: JSONObject) : ChatEvent
}

/** A refusal, or an answer that failed. The code says why, for example "insufficient_quota". */
class ChatException(val code: String, message: String) : Exception(message)

/** Streams the answer. It stops when the coroutine that collects it is cancelled. */
fun chat(token: String): Flow<ChatEvent> = callbackFlow {
    val connection = URL(${string(url)}).openConnection() as HttpURLConnection
    launch(Dispatchers.IO) {
        connection.requestMethod = "POST"
        connection.doOutput = true
        connection.setRequestProperty("authorization", "Bearer $token")
        connection.setRequestProperty("content-type", "application/json")
        connection.outputStream.use { it.write(requestBody().toString().toByteArray()) }
        if (connection.responseCode != 200) {
            throw failure(connection.errorStream?.bufferedReader()?.readText() ?: "")
        }
        var name = "text"
        for (line in connection.inputStream.bufferedReader().lineSequence()) {
            if (line.startsWith("event:")) name = line.removePrefix("event:")
            if (!line.startsWith("data:")) continue
            val data = line.removePrefix("data:")
            if (name == "failed") throw failure(data)
            toEvent(name, data)?.let { send(it) }
            if (name == "done") {
                close()
                return@launch
            }
            name = "text"
        }
        throw IOException("The connection was lost before the answer was complete.")
    }
    awaitClose { connection.disconnect() }
}

private fun requestBody(): JSONObject {
${files.join("")}    return JSONObject(${writeValue(body, SYNTAX, { indent: "    ", step: "    " })})
}

private fun toEvent(name: String, data: String): ChatEvent? = when (name) {
    // The data of a text is a JSON string.
    "text" -> ChatEvent.Text(JSONArray("[$data]").getString(0))
    "thinking" -> ChatEvent.Thinking(JSONArray("[$data]").getString(0))
    "tool" -> JSONObject(data).run {
        ChatEvent.Tool(getString("id"), getString("name"), getString("arguments"))
    }
    "done" -> JSONObject(data).run {
        ChatEvent.Done(getString("finish"), getJSONObject("usage"), getJSONObject("left"))
    }
    else -> null
}

private fun failure(body: String): ChatException {
    val error = runCatching { JSONObject(body).getJSONObject("error") }.getOrNull()
    return ChatException(
        error?.optString("code") ?: "unknown",
        error?.optString("message") ?: "The server did not answer.",
    )
}

// In your app, the token comes from your sign-in.
suspend fun printAnswer(token: String) {
    try {
        chat(token).collect { event ->
            when (event) {
                is ChatEvent.Text -> print(event.text)
                is ChatEvent.Thinking -> Unit
                is ChatEvent.Tool -> println("The model calls \${event.name} with \${event.arguments}")
                is ChatEvent.Done -> println("\\n[\${event.finish}] \${event.usage} \${event.left}")
            }
        }
    } catch (error: ChatException) {
        println("\${error.code}: \${error.message}")
    } catch (error: IOException) {
        println("The connection was lost: \${error.message}")
    }
}
`;
}
