# Made by packaging/pack.py in cekura-ai/cekura-gate for each release.
class CekuraGate < Formula
  desc "Gates a voice or chat agent's release on Cekura test runs"
  homepage "https://github.com/cekura-ai/cekura-gate"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@URL:aarch64-apple-darwin@"
      sha256 "@SUM:aarch64-apple-darwin@"
    end
    on_intel do
      url "@URL:x86_64-apple-darwin@"
      sha256 "@SUM:x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@URL:aarch64-unknown-linux-musl@"
      sha256 "@SUM:aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@URL:x86_64-unknown-linux-musl@"
      sha256 "@SUM:x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "cekura-gate"
    generate_completions_from_executable(bin/"cekura-gate", "completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/cekura-gate --version")
  end
end
