//! The short methods: one for each command, with what it needs as plain arguments. Whatever else
//! a command can say is said by executing the command itself.

use halfback_store::error::{Detail, Result};

use crate::access::grant::{Grant, Revoke};
use crate::access::principal::{
    AddMember, CreatePrincipal, DeletePrincipal, Principal, PrincipalKind, RemoveMember,
};
use crate::access::role::{DeleteRole, Role, SeparateRoles, SetRole};
use crate::access::token::{AllowOsUsers, RevokeToken};
use crate::artifact::{Content, Progress, PutArtifact};
use crate::catalog::alias::{DeleteAlias, ProtectAlias, SetAlias};
use crate::catalog::model::{CreateModel, DeleteModel, Model, RenameModel, UpdateModel};
use crate::catalog::tag::{DeleteTag, SetTag};
use crate::catalog::version::{
    ArchiveVersion, DeleteVersion, ModelVersion, RegisterVersion, RestoreVersion, UpdateVersion,
};
use crate::catalog::{
    Catalog, CreateCatalog, CreateSchema, DeleteCatalog, DeleteSchema, RenameCatalog, RenameSchema,
    Schema, UpdateCatalog, UpdateSchema,
};
use crate::command::Expect;
use crate::registry::Registry;
use crate::securable::VersionRef;

impl Registry {
    /// Makes a catalog.
    pub fn create_catalog(&self, name: &str) -> Result<Catalog> {
        self.execute(CreateCatalog { name: name.into(), ..CreateCatalog::default() })
    }

    /// Changes what is said about a catalog.
    pub fn update_catalog(&self, update: UpdateCatalog) -> Result<Catalog> {
        self.execute(update)
    }

    /// Gives a catalog another name.
    pub fn rename_catalog(&self, name: &str, new_name: &str) -> Result<Catalog> {
        self.execute(RenameCatalog {
            name: name.into(),
            new_name: new_name.into(),
            ..RenameCatalog::default()
        })
    }

    /// Removes an empty catalog from the present.
    pub fn delete_catalog(&self, name: &str) -> Result<()> {
        self.execute(DeleteCatalog { name: name.into(), ..DeleteCatalog::default() })
    }

    /// Makes a schema.
    pub fn create_schema(&self, name: &str) -> Result<Schema> {
        self.execute(CreateSchema { name: name.into(), ..CreateSchema::default() })
    }

    /// Changes what is said about a schema.
    pub fn update_schema(&self, update: UpdateSchema) -> Result<Schema> {
        self.execute(update)
    }

    /// Gives a schema another name.
    pub fn rename_schema(&self, name: &str, new_name: &str) -> Result<Schema> {
        self.execute(RenameSchema {
            name: name.into(),
            new_name: new_name.into(),
            ..RenameSchema::default()
        })
    }

    /// Removes an empty schema from the present.
    pub fn delete_schema(&self, name: &str) -> Result<()> {
        self.execute(DeleteSchema { name: name.into(), ..DeleteSchema::default() })
    }

    /// Makes a registered model, from its name or from everything that is to be said about it.
    pub fn create_model(&self, model: impl Into<CreateModel>) -> Result<Model> {
        self.execute(model.into())
    }

    /// Changes what is said about a model.
    pub fn update_model(&self, update: UpdateModel) -> Result<Model> {
        self.execute(update)
    }

    /// Gives a model another name.
    pub fn rename_model(&self, name: &str, new_name: &str) -> Result<Model> {
        self.execute(RenameModel {
            name: name.into(),
            new_name: new_name.into(),
            ..RenameModel::default()
        })
    }

    /// Removes a model with its versions from the present.
    pub fn delete_model(&self, name: &str) -> Result<()> {
        self.execute(DeleteModel { name: name.into(), ..DeleteModel::default() })
    }

    /// Stores content and registers it as the model's next version. With
    /// [`location`](RegisterVersion::location) the content is only hashed. A
    /// [`digest`](RegisterVersion::digest) that is given must be the content's.
    pub fn register_version(
        &self,
        content: &Content,
        version: RegisterVersion,
        progress: Progress<'_>,
    ) -> Result<ModelVersion> {
        let artifact = match version.location {
            None => {
                let RegisterVersion { model, allow_secrets, .. } = &version;
                let put = PutArtifact { model: model.clone(), allow_secrets: *allow_secrets };
                self.put_artifact(put, content, progress)?
            }
            Some(_) => self.hash_artifact(content, progress)?,
        };
        if !version.digest.is_empty() && version.digest != artifact.digest {
            return Err(Detail::DigestMismatch(format!(
                "the content has the digest `{}`, expected `{}`; it is not the content that was meant",
                artifact.digest, version.digest
            ))
            .into());
        }
        self.execute(RegisterVersion { digest: artifact.digest, ..version })
    }

    /// Changes what is said about a version.
    pub fn update_version(&self, update: UpdateVersion) -> Result<ModelVersion> {
        self.execute(update)
    }

    /// Archives a version that no alias names.
    pub fn archive_version(&self, version: impl Into<VersionRef>) -> Result<ModelVersion> {
        self.execute(ArchiveVersion { version: version.into(), expect_revision: None })
    }

    /// Takes a version back out of the archive.
    pub fn restore_version(&self, version: impl Into<VersionRef>) -> Result<ModelVersion> {
        self.execute(RestoreVersion { version: version.into(), expect_revision: None })
    }

    /// Removes a version that no alias names from the present.
    pub fn delete_version(&self, version: impl Into<VersionRef>) -> Result<()> {
        self.execute(DeleteVersion { version: version.into(), expect_revision: None })
    }

    /// Sets a tag on a catalog, schema, model or version.
    pub fn set_tag(&self, target: &str, key: &str, value: &str) -> Result<()> {
        self.execute(SetTag {
            target: target.into(),
            key: key.into(),
            value: value.into(),
            ..SetTag::default()
        })
    }

    /// Removes a tag.
    pub fn delete_tag(&self, target: &str, key: &str) -> Result<()> {
        self.execute(DeleteTag { target: target.into(), key: key.into(), expect: Expect::Any })
    }

    /// Lets an alias name a version.
    pub fn set_alias(&self, model: &str, alias: &str, version: i64) -> Result<ModelVersion> {
        self.execute(SetAlias {
            model: model.into(),
            alias: alias.into(),
            version,
            expect: Expect::Any,
        })
    }

    /// Removes an alias.
    pub fn delete_alias(&self, model: &str, alias: &str) -> Result<()> {
        self.execute(DeleteAlias { model: model.into(), alias: alias.into(), expect: Expect::Any })
    }

    /// Makes every move of an alias need the expected value, or no longer.
    pub fn protect_alias(&self, model: &str, alias: &str, protected: bool) -> Result<()> {
        self.execute(ProtectAlias { model: model.into(), alias: alias.into(), protected })
    }

    /// Makes a user known: the operating system's user of that number, or one who proves it with a
    /// token.
    pub fn create_user(&self, name: &str, os_user: Option<u32>) -> Result<Principal> {
        self.execute(CreatePrincipal { name: name.into(), os_user, ..CreatePrincipal::default() })
    }

    /// Makes a service principal known: a program that acts with a token.
    pub fn create_service(&self, name: &str) -> Result<Principal> {
        let kind = PrincipalKind::Service;
        self.execute(CreatePrincipal { name: name.into(), kind, ..CreatePrincipal::default() })
    }

    /// Makes a group.
    pub fn create_group(&self, name: &str) -> Result<Principal> {
        let kind = PrincipalKind::Group;
        self.execute(CreatePrincipal { name: name.into(), kind, ..CreatePrincipal::default() })
    }

    /// Removes a principal with its grants, memberships and tokens.
    pub fn delete_principal(&self, principal: &str) -> Result<()> {
        self.execute(DeletePrincipal { principal: principal.into() })
    }

    /// Puts a principal into a group.
    pub fn add_member(&self, group: &str, member: &str) -> Result<()> {
        self.execute(AddMember { group: group.into(), member: member.into() })
    }

    /// Takes a principal out of a group.
    pub fn remove_member(&self, group: &str, member: &str) -> Result<()> {
        self.execute(RemoveMember { group: group.into(), member: member.into() })
    }

    /// Grants a privilege or role on a securable and all below it.
    pub fn grant(&self, what: &str, on: &str, to: &str) -> Result<()> {
        let (what, on, to) = (what.into(), on.into(), to.into());
        self.execute(Grant { what, on, to, ..Grant::default() })
    }

    /// Denies a privilege or role on a securable and all below it: that wins over every grant.
    pub fn deny(&self, what: &str, on: &str, to: &str) -> Result<()> {
        let (what, on, to) = (what.into(), on.into(), to.into());
        self.execute(Grant { what, on, to, deny: true, condition: None })
    }

    /// Takes back what was granted or denied.
    pub fn revoke(&self, what: &str, on: &str, from: &str) -> Result<()> {
        self.execute(Revoke { what: what.into(), on: on.into(), principal: from.into() })
    }

    /// Makes a role of privileges and other roles, or gives it another content.
    pub fn set_role(&self, name: &str, includes: &[&str]) -> Result<Role> {
        let includes = includes.iter().map(|&part| part.to_owned()).collect();
        self.execute(SetRole { name: name.into(), includes })
    }

    /// Removes a role that nobody holds.
    pub fn delete_role(&self, name: &str) -> Result<()> {
        self.execute(DeleteRole { name: name.into() })
    }

    /// Says whether two roles are kept apart: then nobody may hold both.
    pub fn separate_roles(&self, first: &str, second: &str, separated: bool) -> Result<()> {
        self.execute(SeparateRoles { first: first.into(), second: second.into(), separated })
    }

    /// Ends a token.
    pub fn revoke_token(&self, token: &str) -> Result<()> {
        self.execute(RevokeToken { token: token.into() })
    }

    /// Says whether the operating system's users may act here without a token.
    pub fn allow_os_users(&self, allowed: bool) -> Result<()> {
        self.execute(AllowOsUsers { allowed })
    }
}
