using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>Recordings are shown, kept and mailed about: whatever signs somebody in is taken out of them, whichever cloud it belongs to.</summary>
internal static class Recording
{
    private const string Mark = "(redacted)";
    private const string Names =
        "access_token|refresh_token|id_token|client_secret|client_assertion|assertion|private_key|SecretAccessKey|SessionToken";

    /// <summary>The mark, in the base64 that a field of bytes must be.</summary>
    private static readonly string Bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(Mark));

    private static readonly HashSet<string> SecretHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization",
        "X-Amz-Security-Token",
        "X-IDENTITY-HEADER",
        "X-Vault-Token",
    };
    private static readonly Regex Field = new(
        $"(\"(?:{Names})\"\\s*:\\s*\")(?:[^\"\\\\]|\\\\.)*",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex BytesField = new(
        "(\"privateKeyData\"\\s*:\\s*\")[^\"]*",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex Form = new($"(?<=^|&)({Names})=[^&]*", RegexOptions.CultureInvariant);
    private static readonly Regex Element = new($"<({Names})>[^<]*<", RegexOptions.CultureInvariant);

    public static SandboxRequest Redacted(SandboxRequest request) =>
        request with
        {
            Headers =
            [
                .. request.Headers.Select(h =>
                    SecretHeaders.Contains(h.Key) ? new KeyValuePair<string, string>(h.Key, Mark) : h
                ),
            ],
            Body = request.Service == "vault" ? VaultRecording.Redacted(request.Body) : Redacted(request.Body),
        };

    public static SandboxResponse? Redacted(SandboxRequest request, SandboxResponse? response) =>
        response is null ? null
        : request.Service == "vault" ? VaultRecording.Redacted(request, response)
        : response with { Body = Redacted(response.Body) };

    private static byte[] Redacted(byte[] body)
    {
        if (body.Length == 0)
            return body;
        var text = Encoding.UTF8.GetString(body);
        var clean = BytesField.Replace(
            Element.Replace(Form.Replace(Field.Replace(text, $"$1{Mark}"), $"$1={Mark}"), $"<$1>{Mark}<"),
            $"$1{Bytes}"
        );
        return clean == text ? body : Encoding.UTF8.GetBytes(clean);
    }
}
