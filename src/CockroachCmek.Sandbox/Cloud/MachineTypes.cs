using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// The machine types of the clouds, by the form of their names: CockroachDB Cloud publishes no list. Sources: Amazon EC2
/// "instance type naming", Compute Engine "machine families", Azure "VM naming conventions".
/// </summary>
internal static class MachineTypes
{
    private static readonly Dictionary<string, (string Default, Regex Form)> OfProvider = new()
    {
        ["AWS"] = ("m6i.xlarge", Form("[a-z][a-z0-9-]*[.](nano|micro|small|medium|([0-9]*x)?large|metal)")),
        ["GCP"] = ("n2-standard-4", Form("[a-z][a-z0-9]*-[a-z]+(-[0-9a-z]+)+")),
        ["AZURE"] = ("Standard_D4s_v5", Form("Standard_[A-Z]+[0-9]+[a-z0-9-]*(_[A-Za-z0-9]+)*")),
    };

    /// <summary>The machine type of the sandbox's clusters on a cloud.</summary>
    public static string Default(string provider) => OfProvider[provider].Default;

    /// <summary>Whether a name has the form of the cloud's machine types.</summary>
    public static bool IsOf(string provider, string machine) => OfProvider[provider].Form.IsMatch(machine);

    private static Regex Form(string pattern) => new($"^({pattern})$", RegexOptions.CultureInvariant);
}
