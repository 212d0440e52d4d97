using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>A request and its response as they were, without credentials.</summary>
public sealed record RecordedExchange(SandboxRequest Request, SandboxResponse? Response, FaultAction? Fault)
{
    /// <summary>Status of the response that was lost when the connection was cut; null when none was lost.</summary>
    public int? LostStatus { get; init; }
}

/// <summary>
/// Removes credentials of every cloud from what is recorded, because recordings are shown, kept and sent around.
/// </summary>
internal static class Recording
{
    private const string Mark = "(redacted)";
    private const string Names =
        "access_token|accessToken|subject_token|refresh_token|id_token|client_secret|client_assertion|assertion|private_key"
        + "|SecretAccessKey|SessionToken";

    /// <summary>The mark for fields of bytes, which must be base64.</summary>
    private static readonly string MarkAsBase64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(Mark));

    private static readonly HashSet<string> SecretHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization",
        "X-Amz-Security-Token",
        "X-IDENTITY-HEADER",
        "X-Vault-Token",
    };
    private static readonly Regex JsonField = new(
        $"(\"(?:{Names})\"\\s*:\\s*\")(?:[^\"\\\\]|\\\\.)*",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex JsonBytesField = new(
        "(\"privateKeyData\"\\s*:\\s*\")[^\"]*",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex FormField = new($"(?<=^|&)({Names})=[^&]*", RegexOptions.CultureInvariant);
    private static readonly Regex XmlElement = new($"<({Names})>[^<]*<", RegexOptions.CultureInvariant);

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
        var clean = JsonField.Replace(text, $"$1{Mark}");
        clean = FormField.Replace(clean, $"$1={Mark}");
        clean = XmlElement.Replace(clean, $"<$1>{Mark}<");
        clean = JsonBytesField.Replace(clean, $"$1{MarkAsBase64}");
        return clean == text ? body : Encoding.UTF8.GetBytes(clean);
    }
}
