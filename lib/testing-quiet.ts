// The log is for operators: a test run shows its own report, not what the code under test logs.
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = (chunk: Uint8Array | string, ...rest: never[]) =>
    String(chunk).startsWith('{"time":') || write(chunk, ...rest);
}
