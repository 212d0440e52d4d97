using System.Management.Automation;
using System.Net;
using System.Security;
using CockroachCmek.Commands;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Session;

/// <summary>Reads the API key from a parameter, SecretManagement or the environment. Pipeline thread only.</summary>
internal static class ApiKeySource
{
    public const string SecretManagement = "Microsoft.PowerShell.SecretManagement";

    public const string Variable = "COCKROACH_API_KEY";

    /// <exception cref="CmekException">ApiKeyMissing, SecretNotReadable.</exception>
    public static Secret Read(CrdbCmdlet cmdlet, SecureString? key, string secretName, string? vault)
    {
        if (key is not null)
            return Reveal(key);
        if (secretName.Length > 0)
            return FromVault(cmdlet, secretName, vault);
        var value = Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrWhiteSpace(value) ? throw Errors.ApiKeyMissing() : new Secret(value!.Trim());
    }

    /// <summary>
    /// The key of the environment, for a session that sends nothing to CockroachDB Cloud: only a sandbox on this
    /// machine
    /// is asked with it for its clouds.
    /// </summary>
    public static Secret ReadOptional() =>
        new(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value.Trim() : "none");

    private static Secret FromVault(CrdbCmdlet cmdlet, string name, string? vault)
    {
        var get = cmdlet.InvokeCommand.GetCommand("Get-Secret", CommandTypes.Cmdlet | CommandTypes.Function)
            ?? throw Errors.SecretNotReadable(name, $"the module {SecretManagement} is not installed.");
        try
        {
            using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            shell.AddCommand(get).AddParameter("Name", name);
            if (vault is not null)
                shell.AddParameter("Vault", vault);
            var found = shell.Invoke().Select(item => item?.BaseObject).FirstOrDefault();
            if (shell.HadErrors && found is null)
                throw Errors.SecretNotReadable(
                    name,
                    shell.Streams.Error.FirstOrDefault()?.Exception.Message ?? "Get-Secret failed."
                );
            return found switch
            {
                SecureString secure => Reveal(secure),
                PSCredential credential => Reveal(credential.Password),
                string text when text.Length > 0 => new Secret(text),
                null => throw Errors.SecretNotReadable(name, "no secret has this name."),
                _ => throw Errors.SecretNotReadable(name, $"it is a {found.GetType().Name}, not text."),
            };
        }
        catch (RuntimeException error)
        {
            throw Errors.SecretNotReadable(name, error.Message);
        }
    }

    /// <summary>The text of a SecureString, without the spaces that pasting adds.</summary>
    public static Secret Reveal(SecureString key)
    {
        var value = new NetworkCredential("", key).Password.Trim();
        return value.Length == 0 ? throw Errors.ApiKeyMissing() : new Secret(value);
    }
}
