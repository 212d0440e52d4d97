using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Promise: no secret appears anywhere. The secrets of a session's sandboxes and of the environment are looked for in
/// all that its scripts write.
/// </summary>
internal sealed class SecretNet(Runspace runspace)
{
    private static readonly string[] OfSandbox =
    [
        "ApiKey",
        "ViewerApiKey",
        "AwsSecretAccessKey",
        "GcpAccessToken",
        "AzureClientSecret",
        "AzureIdentityHeader",
        "VaultToken",
    ];

    private static readonly string[] OfEnvironment =
    [
        "COCKROACH_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_CLIENT_SECRET",
        "IDENTITY_HEADER",
        "VAULT_TOKEN",
    ];

    private readonly Dictionary<string, string> _secrets = [];

    /// <summary>Fails when a secret is in what a script wrote or made the host show.</summary>
    public void Search(string script, ScriptResult result, string shown)
    {
        Learn();
        // A sandbox shows its own credentials on purpose, but only to a script that asks it for them.
        var asksSandbox = script.Contains("$sandbox", StringComparison.OrdinalIgnoreCase);
        var objects = result.Output.Where(o => o is not null && (IsOfModule(o) || !asksSandbox));
        foreach (
            var (stream, texts) in new (string, IEnumerable<string>)[]
            {
                (
                    "an error",
                    result.AllErrors.Select(e =>
                        $"{e} {e.ErrorDetails?.RecommendedAction} {e.TargetObject} {e.Exception}"
                    )
                ),
                ("a warning", result.Warnings),
                ("verbose text", result.Verbose),
                ("progress", result.Progress.Select(p => $"{p.Activity} {p.StatusDescription} {p.CurrentOperation}")),
                ("an output object", objects.Select(Text)),
                ("what the host showed", [shown]),
            }
        )
        {
            foreach (var text in texts)
                Refuse(text, stream, script);
        }
    }

    /// <summary>Fails when a secret is in what the sandbox recorded.</summary>
    public void SearchRecording()
    {
        Learn();
        if (
            runspace.SessionStateProxy.GetVariable("sandbox") is not { } found
            || PSObject.AsPSObject(found).Properties["Exchanges"]?.Value is not IEnumerable exchanges
        )
            return;
        foreach (var exchange in exchanges)
            Refuse(Text(PSObject.AsPSObject(exchange)), "a recording", $"{exchange}");
    }

    private static bool IsOfModule(PSObject item) =>
        item.BaseObject.GetType().Namespace?.StartsWith("CockroachCmek", StringComparison.Ordinal) == true;

    /// <summary>What a person or a log can see of an object: itself, and its properties one level deep.</summary>
    private static string Text(PSObject item) =>
        item.BaseObject is string text ? text
        : IsOfModule(item) ? $"{item} {string.Join(' ', item.Properties.Select(p => Value(p.Value)))}"
        : Value(item.BaseObject);

    private static string Value(object? value) =>
        value switch
        {
            null => "",
            string text => text,
            IReadOnlyDictionary<string, string> map => string.Join(' ', map.Select(m => $"{m.Key} {m.Value}")),
            IDictionary map => string.Join(' ', map.Values.Cast<object?>()),
            IEnumerable items and not PSObject => string.Join(' ', items.Cast<object?>()),
            _ => value.ToString() ?? "",
        };

    private void Learn()
    {
        foreach (var name in OfEnvironment)
            Add(name, Environment.GetEnvironmentVariable(name));
        if (runspace.SessionStateProxy.GetVariable("sandbox") is not { } found)
            return;
        var sandbox = PSObject.AsPSObject(found);
        foreach (var name in OfSandbox)
            Add(name, sandbox.Methods["GetSecret"]?.Invoke(name) as string);
    }

    private void Add(string name, string? secret)
    {
        // A word that is as short as this is found everywhere.
        if (secret is { Length: >= 8 })
            _secrets[secret] = name;
    }

    private void Refuse(string text, string where, string script)
    {
        foreach (var (secret, name) in _secrets)
            Assert.False(
                text.Contains(secret, StringComparison.Ordinal),
                $"The secret {name} is in {where} of: {script}"
            );
    }
}
