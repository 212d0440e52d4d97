using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Apis.Auth.OAuth2;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Finds the credentials of a connection.</summary>
internal static class GcpCredentials
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    /// <summary>The credentials, scoped. Sends nothing but a probe for a metadata server.</summary>
    /// <exception cref="CmekException">GcpCredentialsMissing.</exception>
    public static async Task<GoogleCredential> FindAsync(GcpConnection connection, CancellationToken cancellationToken)
    {
        var file = connection.CredentialFile ?? FileInEnvironment();
        GoogleCredential credential;
        try
        {
            credential =
                connection.AccessToken is { } token
                    ? GoogleCredential.FromAccessToken(token.ForHeader("GcpAccessToken").Reveal())
                : file is not null ? await ReadAsync(file, cancellationToken)
                : await GoogleCredential.GetApplicationDefaultAsync(cancellationToken);
        }
        catch (Exception error) when (IsUnusable(error))
        {
            throw GcpErrors.GcpCredentialsMissing(file is null ? error.Message : $"{file}: {error.Message}", error);
        }

        credential = credential.CreateWithHttpClientFactory(new GcpHttp(connection.Handler));
        if (credential.IsCreateScopedRequired)
            credential = credential.CreateScoped(Scope);
        return connection.QuotaProject is { } quota ? credential.CreateWithQuotaProject(quota) : credential;
    }

    /// <summary>
    /// The file that the environment names. Read here, because the SDK reads the variable once in a process and keeps
    /// the result, a failure too.
    /// </summary>
    private static string? FileInEnvironment() =>
        Environment.GetEnvironmentVariable("GOOGLE_APPLICATION_CREDENTIALS") is { Length: > 0 } file ? file : null;

    /// <summary>
    /// Reads a file of any type. The SDK wants the caller to name the type, against files from strangers; this one is
    /// the user's own.
    /// </summary>
    private static async Task<GoogleCredential> ReadAsync(string file, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(file);
        var json = await reader.ReadToEndAsync(
#if NET
            cancellationToken
#endif
        );
        var type = (string?)JsonNode.Parse(json)?["type"]
            ?? throw new FormatException("it has no \"type\", so it is not a Google credential file");
        return CredentialFactory.FromJson(json, type);
    }

    private static bool IsUnusable(Exception error) =>
        error
            is InvalidOperationException
                or IOException
                or UnauthorizedAccessException
                or JsonException
                or ArgumentException
                or FormatException;
}
