// One encoded frame of a tone for each format. Repeated, they are a tone without gaps.
// Made with ffmpeg, at pitches whose periods fit into a frame.
import { toBytes } from "./bytes.ts";

/** 24 ms of MPEG-2 Layer III at 24 kHz and 128 kbit/s, without a bit reservoir. */
export const MP3_FRAME = padded("//PExAAHIDYYAAXsCMI9kwMIKPCLNeDMQ////Z///////////9mn//6ExBTUUzLjEwM=", 384);
/** 42.7 ms of AAC-LC at 24 kHz, with its ADTS header. */
export const AAC_FRAME = decode(
  "//FYQAwf/AEAMIviePf+n/9yf/n/p8cefaiSSJJJJJJAl105zGh4kQS99PpzvPPPP" +
    "PPPPPc7zzzzzzzzHnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnmPPPPPPPc",
);
/** 10 ms of Opus. */
export const OPUS_PACKET = decode("kMFI1tKUnn1jURGa+tMh");
/** RFC 7845: one channel, 120 samples of pre-skip, recorded at 48 kHz. */
export const OPUS_HEAD = toBytes("OpusHead\x01\x01x\x00\x80\xbb\x00\x00\x00\x00\x00");
export const OPUS_TAGS = toBytes("OpusTags\x08\x00\x00\x00emulated\x00\x00\x00\x00");

function decode(base64: string): Uint8Array {
  return toBytes(atob(base64));
}

function padded(base64: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(decode(base64));
  return bytes;
}
