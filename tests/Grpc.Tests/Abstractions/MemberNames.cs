using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Grpc.Tests.Abstractions;

/// <summary>
/// Writes the members that an assembly offers, or that it refers to, as text: the same member gives the same text on both sides.
/// Type parameters are written by position, <c>!0</c> for a type's and <c>!!0</c> for a method's.
/// </summary>
internal sealed class MemberNames : ISignatureTypeProvider<string, object?>
{
    private readonly MetadataReader metadata;

    private MemberNames(MetadataReader metadata) => this.metadata = metadata;

    /// <summary>Types and members of <paramref name="assembly"/> that other assemblies can use.</summary>
    internal static HashSet<string> Offered(Assembly assembly) => Read(assembly, names => names.Offered());

    /// <summary>Types and members of the assembly called <paramref name="target"/> that <paramref name="assembly"/> uses.</summary>
    internal static HashSet<string> Used(Assembly assembly, string target) => Read(assembly, names => names.Used(target));

    private static HashSet<string> Read(Assembly assembly, Func<MemberNames, IEnumerable<string>> list)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        return [.. list(new MemberNames(file.GetMetadataReader()))];
    }

    private IEnumerable<string> Offered()
    {
        foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(IsOffered))
        {
            string owner = NameOf(type);
            yield return owner;
            foreach (FieldDefinition field in type.GetFields().Select(metadata.GetFieldDefinition))
            {
                if ((field.Attributes & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem)
                {
                    yield return Member(owner, field.Name, field.DecodeSignature(this, null));
                }
            }

            foreach (MethodDefinition method in type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                if ((method.Attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem)
                {
                    yield return Member(owner, method.Name, method.DecodeSignature(this, null));
                }
            }
        }
    }

    private IEnumerable<string> Used(string target)
    {
        foreach (TypeReferenceHandle type in metadata.TypeReferences.Where(type => IsOf(type, target)))
        {
            yield return NameOf(type);
        }

        foreach (MemberReference member in metadata.MemberReferences.Select(metadata.GetMemberReference))
        {
            if (OwnerOf(member.Parent) is { } owner && IsOf(owner, target))
            {
                yield return member.GetKind() == MemberReferenceKind.Field
                    ? Member(NameOf(owner), member.Name, member.DecodeFieldSignature(this, null))
                    : Member(NameOf(owner), member.Name, member.DecodeMethodSignature(this, null));
            }
        }
    }

    private string Member(string owner, StringHandle name, string type) => $"{owner}.{metadata.GetString(name)} : {type}";

    private string Member(string owner, StringHandle name, MethodSignature<string> signature) =>
        $"{(signature.Header.IsInstance ? "" : "static ")}{owner}.{metadata.GetString(name)}`{signature.GenericParameterCount}"
        + $"({string.Join(", ", signature.ParameterTypes)}) : {signature.ReturnType}";

    /// <summary>The type that a member belongs to; for a generic type, without its arguments.</summary>
    private TypeReferenceHandle? OwnerOf(EntityHandle parent)
    {
        if (parent.Kind == HandleKind.TypeReference)
        {
            return (TypeReferenceHandle)parent;
        }

        if (parent.Kind != HandleKind.TypeSpecification)
        {
            return null;
        }

        BlobReader blob = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        blob.ReadCompressedInteger();
        EntityHandle definition = blob.ReadTypeHandle();
        return definition.Kind == HandleKind.TypeReference ? (TypeReferenceHandle)definition : null;
    }

    private bool IsOf(TypeReferenceHandle type, string assembly)
    {
        EntityHandle scope = metadata.GetTypeReference(type).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.TypeReference => IsOf((TypeReferenceHandle)scope, assembly),
            HandleKind.AssemblyReference =>
                metadata.StringComparer.Equals(metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).Name, assembly),
            _ => false,
        };
    }

    private bool IsOffered(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem =>
            IsOffered(metadata.GetTypeDefinition(type.GetDeclaringType())),
        _ => false,
    };

    private string NameOf(TypeDefinition type) => type.GetDeclaringType() is { IsNil: false } outer
        ? $"{NameOf(metadata.GetTypeDefinition(outer))}/{metadata.GetString(type.Name)}"
        : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";

    private string NameOf(TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf((TypeReferenceHandle)type.ResolutionScope)}/{metadata.GetString(type.Name)}"
            : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    string ISimpleTypeProvider<string>.GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    string ISimpleTypeProvider<string>.GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        NameOf(reader.GetTypeDefinition(handle));

    string ISimpleTypeProvider<string>.GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(handle);

    string ISignatureTypeProvider<string, object?>.GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    string IConstructedTypeProvider<string>.GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
        $"{genericType}<{string.Join(", ", typeArguments)}>";

    string ISignatureTypeProvider<string, object?>.GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

    string ISignatureTypeProvider<string, object?>.GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

    string IConstructedTypeProvider<string>.GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";

    string ISZArrayTypeProvider<string>.GetSZArrayType(string elementType) => $"{elementType}[]";

    string IConstructedTypeProvider<string>.GetByReferenceType(string elementType) => $"{elementType}&";

    string IConstructedTypeProvider<string>.GetPointerType(string elementType) => $"{elementType}*";

    string ISignatureTypeProvider<string, object?>.GetPinnedType(string elementType) => elementType;

    string ISignatureTypeProvider<string, object?>.GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
        $"{unmodifiedType} {(isRequired ? "modreq" : "modopt")} {modifier}";

    string ISignatureTypeProvider<string, object?>.GetFunctionPointerType(MethodSignature<string> signature) =>
        $"({string.Join(", ", signature.ParameterTypes)}) => {signature.ReturnType}";
}
