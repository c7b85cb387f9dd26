using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Orchestrator.Notebooks.Interactive;

/// <summary>What of an object is shown: its public properties and fields, or the entries of a dictionary.</summary>
internal static class Members
{
    /// <summary>Names and values, in declaration order. A property that throws has the exception as its value, as a reader would want to know.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Of(object? value) => value switch
    {
        null => [],
        IDictionary entries => entries.Keys.Cast<object>().Select(key => KeyValuePair.Create(Convert.ToString(key, CultureInfo.InvariantCulture)!, entries[key])),
        _ => value.GetType().GetMembers(BindingFlags.Public | BindingFlags.Instance).OrderBy(member => member.MetadataToken).SelectMany(member => Read(member, value)),
    };

    private static IEnumerable<KeyValuePair<string, object?>> Read(MemberInfo member, object value) => member switch
    {
        FieldInfo field => [KeyValuePair.Create(field.Name, field.GetValue(value))],
        PropertyInfo { CanRead: true } property when property.GetIndexParameters().Length == 0 => [KeyValuePair.Create(property.Name, Read(property, value))],
        _ => [],
    };

    private static object? Read(PropertyInfo property, object value)
    {
        try
        {
            return property.GetValue(value);
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
    }
}
