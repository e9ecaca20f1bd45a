; What Windows is told of the program, and what is asked of Windows.

!define WEBVIEW "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"

; A newer version may have changed the local data; an older one might not read it.
Function CheckOlder
  StrCpy $Problem ""
  ReadRegStr $R2 HKCU "${UNINSTALL}" "DisplayVersion"
  ${If} $R2 != ""
    ${VersionCompare} "$R2" "${VERSION}" $R3
    ${If} $R3 = 1
      StrCpy $Problem "$(Older)"
      StrCpy $Code ${CODE_OLDER}
    ${EndIf}
  ${EndIf}
FunctionEnd

; Sets `$Problem` when the runtime that shows the window is missing.
Function CheckWebView
  StrCpy $Problem ""
  ReadRegStr $R0 HKCU "Software\${WEBVIEW}" "pv"
  ${If} $R0 == ""
    SetRegView 32 ; the runtime's own updater is a 32-bit program
    ReadRegStr $R0 HKLM "Software\${WEBVIEW}" "pv"
    SetRegView 64
  ${EndIf}
  ${If} $R0 == ""
  ${OrIf} $R0 == "0.0.0.0"
    StrCpy $Problem "$(NoWebView)"
  ${EndIf}
FunctionEnd

Function Register
  SetOutPath "$PROFILE" ; where the program starts
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${NAME}.exe"
  Call NameShortcut
  SetOutPath "$TEMP"

  ; Name and picture of notifications.
  WriteRegStr HKCU "${IDENTITY}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${IDENTITY}" "IconUri" "$INSTDIR\${NAME}.png"

  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${NAME}.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "Kuramori contributors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
FunctionEnd

; Gives the shortcut the program's identity, or the taskbar would show program and shortcut apart.
Function NameShortcut
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P<> 0
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${If} $1 P<> 0
      ${IPersistFile::Load} $1 '("$SMPROGRAMS\${NAME}.lnk", ${STGM_READWRITE})'
      ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
      ${If} $2 P<> 0
        System::Call 'shlwapi::SHStrDupW(w "${ID}", *p.r3)'
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
        System::Call '*(&i2 ${VT_LPWSTR}, &i6 0, p r3, p 0)p.r5'
        ${IPropertyStore::SetValue} $2 '(r4, r5)'
        ${IPropertyStore::Commit} $2 ""
        System::Call 'ole32::PropVariantClear(p r5)' ; with the text
        System::Free $4
        System::Free $5
        ${IUnknown::Release} $2 ""
        ${IPersistFile::Save} $1 '("$SMPROGRAMS\${NAME}.lnk", 1)'
      ${EndIf}
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::Release} $0 ""
  ${EndIf}
FunctionEnd
