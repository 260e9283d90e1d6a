// The request in Dart with package:http, for Flutter and Dart 3.

import { quote, writeValue } from "./code-literals.js";

const string = (/** @type {string} */ text) => quote(text, { mark: "'", special: "'\\$", hasBraces: true });

const SYNTAX = {
  string,
  key: (/** @type {string} */ name) => `${string(name)}: `,
  object: /** @type {[string, string, string]} */ (["{", "}", "{}"]),
  array: /** @type {[string, string, string]} */ (["[", "]", "[]"]),
  hasSpaces: false,
  isTrailingComma: true,
};

/** @param {import("./code-samples.js").Sample} sample */
export function dartSample({ url, body, images }) {
  const files = images.map(
    ({ name, file }) =>
      `  final ${name} = 'data:image/jpeg;base64,'\n` +
      `      '\${base64Encode(await File(${string(file)}).readAsBytes())}';\n`,
  );
  return `import 'dart:convert';
import 'dart:io';

import 'package:http/http.dart' as http;

/// A refusal, or an answer that failed. The code says why, for example 'insufficient_quota'.
class ChatException implements Exception {
  ChatException(this.code, this.message);

  factory ChatException.of(dynamic body) {
    final error = body is Map ? body['error'] : null;
    return error is Map
        ? ChatException('\${error['code']}', '\${error['message']}')
        : ChatException('unknown', 'The server did not answer.');
  }

  final String code;
  final String message;

  @override
  String toString() => '$code: $message';
}

/// Streams the answer as pairs of an event's name and its data: 'text', 'thinking', 'tool' and 'done'.
Stream<(String, dynamic)> chat(String token) async* {
${files.join("")}  final request = http.Request('POST', Uri.parse(${string(url)}))
    ..headers['authorization'] = 'Bearer $token'
    ..headers['content-type'] = 'application/json'
    ..body = jsonEncode(${writeValue(body, SYNTAX, { indent: "    ", step: "  " })});
  final client = http.Client();
  try {
    final response = await client.send(request);
    if (response.statusCode != 200) {
      throw ChatException.of(_decode(await response.stream.bytesToString()));
    }
    var name = 'text';
    final lines = response.stream.transform(utf8.decoder).transform(const LineSplitter());
    await for (final line in lines) {
      if (line.startsWith('event:')) name = line.substring(6);
      if (!line.startsWith('data:')) continue;
      final data = jsonDecode(line.substring(5));
      if (name == 'failed') throw ChatException.of(data);
      yield (name, data);
      if (name == 'done') return;
      name = 'text';
    }
    throw ChatException('connection_lost', 'The answer is incomplete.');
  } finally {
    client.close();
  }
}

dynamic _decode(String text) {
  try {
    return jsonDecode(text);
  } on FormatException {
    return null;
  }
}

Future<void> main() async {
  // In your app, the token comes from your sign-in.
  final token = Platform.environment['TOKEN'] ?? '';
  try {
    await for (final (name, data) in chat(token)) {
      switch (name) {
        case 'text':
          stdout.write(data);
        case 'tool':
          print('The model calls \${data['name']} with \${data['arguments']}');
        case 'done':
          print('\\n[\${data['finish']}] \${data['usage']} \${data['left']}');
      }
    }
  } on ChatException catch (error) {
    print(error);
  } on http.ClientException catch (error) {
    print('The connection was lost: $error');
  }
}
`;
}
