using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Security;
using CockroachCmek.Commands;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Session;

/// <summary>
/// Reads the API key from a parameter, SecretManagement or the environment, and the address from the environment.
/// Pipeline thread only.
/// </summary>
internal static class ApiKeySource
{
    public const string SecretManagement = "Microsoft.PowerShell.SecretManagement";

    public const string Variable = "COCKROACH_API_KEY";

    /// <summary>
    /// The address of the API: the sandbox prints it, and other clients of CockroachDB Cloud read it.
    /// </summary>
    public const string ServerVariable = "COCKROACH_SERVER";

    /// <exception cref="CmekException">ApiKeyMissing, SecretNotReadable.</exception>
    public static Secret Read(CrdbCmdlet cmdlet, SecureString? key, string secretName, string? vault)
    {
        if (key is not null)
            return Reveal(key);
        if (secretName.Length > 0)
            return FromVault(cmdlet, secretName, vault);
        return Secret.Pasted(Environment.GetEnvironmentVariable(Variable) ?? "") ?? throw Errors.ApiKeyMissing();
    }

    /// <summary>
    /// The key of the environment, for a session that sends nothing to CockroachDB Cloud: only a sandbox on this
    /// machine is asked with it for its clouds.
    /// </summary>
    public static Secret ReadOptional() =>
        Secret.Pasted(Environment.GetEnvironmentVariable(Variable) ?? "") ?? new Secret("none");

    /// <summary>The address in the environment; null if there is none.</summary>
    /// <exception cref="CmekException">EndpointInvalid.</exception>
    public static Uri? Server()
    {
        var value = Environment.GetEnvironmentVariable(ServerVariable);
        if (string.IsNullOrWhiteSpace(value))
            return null;
        return Uri.TryCreate(value!.Trim(), UriKind.Absolute, out var server)
            ? server
            : throw Errors.EndpointInvalid("Endpoint", "has no scheme, such as https", ServerVariable);
    }

    private static Secret FromVault(CrdbCmdlet cmdlet, string name, string? vault)
    {
        var get = cmdlet.InvokeCommand.GetCommand("Get-Secret", CommandTypes.Cmdlet | CommandTypes.Function)
            ?? throw Errors.SecretNotReadable(name, $"the module {SecretManagement} is not installed.");
        var parameters = new Hashtable { ["Name"] = name };
        if (vault is not null)
            parameters["Vault"] = vault;
        try
        {
            // The call operator runs a function of a module with the state of its module; AddCommand does not.
            using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            shell
                .AddScript("param($get, $parameters) & $get @parameters", useLocalScope: true)
                .AddArgument(get)
                .AddArgument(parameters);
            var found = shell.Invoke().Select(item => item?.BaseObject).FirstOrDefault();
            if (shell.HadErrors && found is null)
                throw Errors.SecretNotReadable(
                    name,
                    shell.Streams.Error.FirstOrDefault()?.Exception.Message ?? "Get-Secret failed."
                );
            var text = found switch
            {
                SecureString secure => Text(secure),
                PSCredential credential => Text(credential.Password),
                string plain => plain,
                null => throw Errors.SecretNotReadable(name, "no secret has this name."),
                _ => throw Errors.SecretNotReadable(name, $"it is a {found.GetType().Name}, not text."),
            };
            return Secret.Pasted(text) ?? throw Errors.SecretNotReadable(name, "it is empty.");
        }
        catch (RuntimeException error)
        {
            throw Errors.SecretNotReadable(name, error.Message);
        }
    }

    /// <summary>The text of a SecureString, without what pasting adds.</summary>
    public static Secret Reveal(SecureString key) => Secret.Pasted(Text(key)) ?? throw Errors.ApiKeyMissing();

    private static string Text(SecureString key) => new NetworkCredential("", key).Password;
}
