using System.Globalization;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// A text that is a value of an enumeration. The engine offers every value of a parameter whose type is an enumeration,
/// whatever its completer says; with this, the completer can offer those that fit.
/// </summary>
/// <param name="enumeration">The enumeration.</param>
internal sealed class ValueOfAttribute(Type enumeration) : ArgumentTransformationAttribute
{
    /// <summary>The enumeration. The generator of the help reads it.</summary>
    public Type Enumeration => enumeration;

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return LanguagePrimitives.ConvertTo(inputData, enumeration, CultureInfo.InvariantCulture).ToString()!;
        }
        catch (PSInvalidCastException error)
        {
            throw new ArgumentTransformationMetadataException(error.Message, error);
        }
    }

    /// <summary>The value that a text stands for, after the transformation.</summary>
    public static T Parse<T>(string text)
        where T : struct, Enum => Enum.TryParse<T>(text, out var value) ? value : default;
}
