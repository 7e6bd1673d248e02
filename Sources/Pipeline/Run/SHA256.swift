// SHA-256 of what goes through a file, by the system's libcrypto.

internal import CCrypto

/// A running SHA-256 (FIPS 180-4). Used by one thread at a time.
///
/// libcrypto and not swift-crypto: the digest is all that is needed, and the system has it with the
/// processor's own instructions, where swift-crypto would have each build compile BoringSSL for one to
/// one and a half minutes.
final class SHA256 {
  /// Owned; libcrypto allocates it and frees it.
  private let context: OpaquePointer

  init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  func update(_ bytes: UnsafeRawBufferPointer) {
    let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(result == 1, "libcrypto failed to digest")
  }

  /// The digest of all bytes so far, in hexadecimal; more may follow.
  var hexadecimal: String {
    // Finishing ends a context, so a copy of it is finished.
    guard let copy = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    defer { EVP_MD_CTX_free(copy) }
    var digest = [UInt8](repeating: 0, count: 32)
    let result =
      EVP_MD_CTX_copy_ex(copy, context) == 1 && EVP_DigestFinal_ex(copy, &digest, nil) == 1
    precondition(result, "libcrypto failed to digest")
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
