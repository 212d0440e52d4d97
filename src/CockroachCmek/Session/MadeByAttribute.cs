using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>Says where an object of the parameter's type comes from, when one of another type is given.</summary>
/// <param name="type">The type of the parameter.</param>
/// <param name="source">The command that returns such objects.</param>
internal class MadeByAttribute(Type type, string source) : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        PipedObject.Unwrap(inputData) is not { } value || type.IsInstanceOfType(value)
            ? inputData
            : throw new ArgumentTransformationMetadataException(Explain(inputData) ?? Refusal(value));

    /// <summary>A better sentence for an object; null when there is none.</summary>
    private protected virtual string? Explain(object? inputData) => null;

    private string Refusal(object value) =>
        $"An object of the type {value.GetType().Name} is not a {type.Name}. {source} returns one.";
}
