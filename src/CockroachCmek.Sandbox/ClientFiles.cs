using System.IO;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox;

/// <summary>What other clients read from files only: Google's token and credentials, Azure's certificate.</summary>
public static class ClientFiles
{
    private const string SubjectToken = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>
    /// Writes the files into an empty folder, which should be its owner's only, and returns the environment variables
    /// that name them. Creates a folder that is missing. The credentials are worth nothing outside this sandbox.
    /// </summary>
    /// <exception cref="IOException">A file exists already, or cannot be written.</exception>
    public static IReadOnlyDictionary<string, string> Save(SandboxServer server, string folder)
    {
        Directory.CreateDirectory(folder);
        var token = Write(folder, "google-token", server.Gcp.AccessToken);
        var credentials = Write(folder, "google-credentials.json", GoogleCredentials(server, token).ToJsonString());
        return new Dictionary<string, string>
        {
            // gcloud takes its token from a file; Google's libraries exchange the same one at the sandbox.
            ["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] = token,
            ["GOOGLE_APPLICATION_CREDENTIALS"] = credentials,
            // Node trusts this authority beside its own.
            ["NODE_EXTRA_CA_CERTS"] = Write(folder, "azure-ca.pem", server.Azure.CaPem),
        };
    }

    /// <summary>
    /// Credentials of the type external_account: the one type whose token endpoint every Google library takes from the
    /// file.
    /// </summary>
    private static JsonObject GoogleCredentials(SandboxServer server, string tokenFile) =>
        new()
        {
            ["type"] = "external_account",
            ["audience"] = "//iam.googleapis.com/locations/global/workforcePools/sandbox/providers/sandbox",
            ["subject_token_type"] = SubjectToken,
            ["token_url"] = new Uri(server.GcpEndpoint, "v1/token").ToString(),
            ["credential_source"] = new JsonObject
            {
                ["file"] = tokenFile,
                ["format"] = new JsonObject { ["type"] = "text" },
            },
            ["workforce_pool_user_project"] = server.Gcp.ProjectId,
            ["quota_project_id"] = server.Gcp.ProjectId,
        };

    private static string Write(string folder, string name, string content)
    {
        var path = Path.Combine(Path.GetFullPath(folder), name);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        var bytes = Encoding.UTF8.GetBytes(content);
        file.Write(bytes, 0, bytes.Length);
        return path;
    }
}
