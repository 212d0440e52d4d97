using System.Management.Automation;
using System.Reflection;

namespace CockroachCmek.HelpGenerator;

/// <summary>A cmdlet with its documentation: what MAML and the Markdown pages are both written from.</summary>
internal sealed class CmdletHelp
{
    private const string AllSets = ParameterAttribute.AllParameterSets;

    /// <summary>About ten lines of a terminal with 80 columns.</summary>
    private const int ScreenCharacters = 750;

    /// <summary>More parameters than this that all sets share are shown once.</summary>
    private const int ManyParameters = 20;

    public CmdletHelp(Type type, Documentation documentation)
    {
        var attribute = type.GetCustomAttribute<CmdletAttribute>()!;
        (Verb, Noun) = (attribute.VerbName, attribute.NounName);
        Synopsis = documentation.Summary(type);
        Description = documentation.Remarks(type);
        Examples = documentation.Examples(type);
        Links = documentation.Links(type);
        var initial = Activator.CreateInstance(type)!;
        var parameters = PropertiesOf(type).Select(p => new ParameterHelp(p, initial, documentation));
        Parameters = [.. parameters, .. attribute.SupportsShouldProcess ? ParameterHelp.OfShouldProcess : []];
        Sets = SetsOf(attribute, Parameters);
        Inputs = [.. Parameters.Where(p => p.TakesPipeline).Select(p => p.Type).Distinct()];
        Outputs =
        [
            .. type.GetCustomAttributes<OutputTypeAttribute>()
                .SelectMany(o => o.Type)
                .Select(o => (o.Type.Name, documentation.SummaryOrEmpty(o.Type))),
        ];
    }

    public string Name => $"{Verb}-{Noun}";

    public string Verb { get; }

    public string Noun { get; }

    public HelpText Synopsis { get; }

    public IReadOnlyList<HelpText> Description { get; }

    /// <summary>
    /// What -? shows of the description: its first paragraph, and what follows as long as all of it is short. What is
    /// about one cloud, or does not fit, is in the notes.
    /// </summary>
    public IReadOnlyList<HelpText> FirstScreen
    {
        get
        {
            var shown = Description.TakeWhile(p => Clouds.Of(p).Count == 0).ToList();
            while (shown.Count > 1 && shown.Sum(p => p.Plain.Length) > ScreenCharacters)
                shown.RemoveAt(shown.Count - 1);
            return shown;
        }
    }

    public IReadOnlyList<(HelpText About, string Code)> Examples { get; }

    public IReadOnlyList<(string Text, string Address)> Links { get; }

    /// <summary>In the order of declaration, those of the base classes last.</summary>
    public IReadOnlyList<ParameterHelp> Parameters { get; }

    /// <summary>By cloud: those that every cloud has come first. By name within each.</summary>
    public IEnumerable<ParameterHelp> ParametersByCloud =>
        Parameters.OrderBy(p => Clouds.Order(p.Description)).ThenBy(p => p.Name, StringComparer.Ordinal);

    /// <summary>Names of the parameter sets, the default one first.</summary>
    public IReadOnlyList<string> Sets { get; }

    public IReadOnlyList<Type> Inputs { get; }

    public IReadOnlyList<(string Name, HelpText Summary)> Outputs { get; }

    /// <summary>The parameters of a set in the order people type them: by position, mandatory, others.</summary>
    public IEnumerable<ParameterHelp> ParametersOf(string set) =>
        Parameters
            .Where(p => p.In(set))
            .OrderBy(p => p.Position(set) ?? int.MaxValue)
            .ThenBy(p => p.IsMandatory(set) ? 0 : 1);

    /// <summary>
    /// True where the syntax shows parameters that all sets share in the first set only, because they are many.
    /// </summary>
    public bool ShowsSharedParametersOnce => Sets.Count > 1 && Shared.Count > ManyParameters;

    /// <summary>The first parameter that all sets share, in the order of the syntax.</summary>
    public string FirstShared => ParametersOf(Sets[0]).First(Shared.Contains).Name;

    private IReadOnlyList<ParameterHelp> Shared => [.. Parameters.Where(p => Sets.All(p.In) && !p.IsMandatory(null))];

    /// <summary>The parameters that the syntax shows of a set.</summary>
    public IEnumerable<ParameterHelp> ParametersShown(string set) =>
        ShowsSharedParametersOnce && set != Sets[0] ? ParametersOf(set).Except(Shared) : ParametersOf(set);

    /// <summary>The properties that are parameters, without hidden ones.</summary>
    private static IReadOnlyList<PropertyInfo> PropertiesOf(Type type) =>
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetCustomAttributes<ParameterAttribute>(inherit: false).Any(a => !a.DontShow))
                .GroupBy(p => p.Name)
                .Select(Nearest),
        ];

    /// <summary>A property that a derived class declares anew hides that of its base.</summary>
    private static PropertyInfo Nearest(IEnumerable<PropertyInfo> sameName) =>
        sameName.MaxBy(p => Depth(p.DeclaringType!))!;

    private static int Depth(Type type) => type.BaseType is null ? 0 : 1 + Depth(type.BaseType);

    private static List<string> SetsOf(CmdletAttribute attribute, IEnumerable<ParameterHelp> parameters)
    {
        string[] first = attribute.DefaultParameterSetName is { Length: > 0 } name ? [name] : [];
        var sets = first.Concat(parameters.SelectMany(p => p.NamedSets)).Distinct().ToList();
        return sets.Count > 0 ? sets : [AllSets];
    }
}
